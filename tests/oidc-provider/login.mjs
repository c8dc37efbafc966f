// The login page of the provider: a form with the fields a journey fills in.

const escape = (text = '') => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Posts to its own address. */
export const loginPage = ({ username, refused }) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<form method="post">
  <h1>Sign in</h1>
  ${refused ? '<p role="alert">Wrong user name or password.</p>' : ''}
  <label>User name <input name="username" autocomplete="username" value="${escape(username)}" required></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <button type="submit">Sign in</button>
</form>
</html>
`;

/** The fields of a posted form. */
export async function readForm(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
