// Who can sign in at this provider.

const PASSWORD = 'ticket';

const PERSONAS = {
  alice: {
    name: 'Alice Example',
    given_name: 'Alice',
    family_name: 'Example',
    email: 'alice@example.test',
    email_verified: true,
    phone_number: '+33612345678',
    phone_number_verified: true,
    birthdate: '1990-04-01',
    gender: 'female',
    locale: 'fr-FR',
    address: { street_address: '1 rue du Stade', postal_code: '75001', locality: 'Paris', region: 'Île-de-France', country: 'FR' },
  },
  bob: {
    name: 'Bob Example',
    given_name: 'Bob',
    family_name: 'Example',
    email: 'bob@example.test',
    email_verified: false,
  },
};

export const passwordFits = (username, password) => Object.hasOwn(PERSONAS, username ?? '') && password === PASSWORD;

export const claimsOf = (sub) => (Object.hasOwn(PERSONAS, sub) ? { sub, ...PERSONAS[sub] } : undefined);
