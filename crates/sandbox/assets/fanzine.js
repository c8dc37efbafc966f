// What a partner's developer writes: listens to the widget, and shows who is signed in.
const element = document.querySelector('admit-one');
const show = (testid, text) => { document.querySelector(`[data-testid=${testid}]`).textContent = text; };
const press = (testid, act) => document.querySelector(`[data-testid=${testid}]`).addEventListener('click', act);

const paint = async () => {
  const user = element.user;
  show('who', user ? user.profile?.email ?? user.sub ?? 'somebody' : 'nobody');
  show('acr', user?.acr ?? '–');
  const token = await element.getToken();
  show('token', token ? `${token.slice(0, 24)}… (${token.length} characters)` : '–');
};

for (const name of ['ready', 'signed-in', 'profile-completed', 'signed-out', 'error']) {
  element.addEventListener(`admit-one:${name}`, ({ detail }) => {
    const item = document.createElement('li');
    item.textContent = name === 'error' ? `error ${detail.code}` : name;
    document.querySelector('[data-testid=events]').append(item);
    paint();
  });
}

// What goes wrong is in the event.
const quietly = (act) => () => act().catch(() => {});
press('fanzine-sign-in', quietly(() => element.signIn()));
press('fanzine-step-up', quietly(() => element.stepUp()));
press('fanzine-sign-out', quietly(() => element.signOut()));
