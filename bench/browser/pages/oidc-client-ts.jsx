// oidc-client-ts with React, as its documentation has it.
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { AuthProvider, useAuth } from 'react-oidc-context';

function App() {
  const auth = useAuth();
  useEffect(() => { if (auth.user) performance.mark('signed-in'); }, [auth.user]);
  if (auth.isLoading) return null;
  if (auth.error) return <p>{auth.error.message}</p>;
  return (
    <main>
      <h1>Example service</h1>
      {auth.isAuthenticated
        ? <><p>Hello <b data-testid="user-email">{auth.user.profile.email}</b></p><button onClick={() => auth.signoutRedirect()}>Sign out</button></>
        : <button data-testid="sign-in" onClick={() => auth.signinRedirect()}>Sign in</button>}
    </main>
  );
}

createRoot(document.getElementById('root')).render(
  <AuthProvider authority={ISSUER} client_id="spa" redirect_uri={`${location.origin}/callback`}
    scope="openid email profile phone" onSigninCallback={() => history.replaceState({}, '', '/')}>
    <App />
  </AuthProvider>,
);
