// The two screens of the pages without a framework.
const root = document.getElementById('root');

export function signedOut(onclick) {
  root.innerHTML = '<main><h1>Example service</h1><button data-testid="sign-in">Sign in</button></main>';
  root.querySelector('button').onclick = onclick;
}

export function signedIn(email) {
  root.innerHTML = '<main><h1>Example service</h1><p>Hello <b data-testid="user-email"></b></p><button>Sign out</button></main>';
  root.querySelector('b').textContent = email;
  performance.mark('signed-in');
}
