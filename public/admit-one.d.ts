/** What a partner's page receives: as much as its `release` allows. */
export interface AdmitOneUser {
  /** How the buyer authenticated, where the provider says so. */
  acr?: string;
  /** The issuer; with `release` `sub`. */
  iss?: string;
  /** The buyer at the issuer; with `release` `sub`. */
  sub?: string;
  /** The contact's number; with `release` `contact_number`. */
  contact_number?: string;
  /** What the directory knows of the buyer, by field (`given_name`, `address.country`); with `release` `profile`. */
  profile?: Record<string, string>;
  /** The ID token, for your server to verify; with `release` `id_token`. */
  id_token?: string;
  /** In how many seconds the ID token expires, counted from when it was received. */
  expires_in?: number;
  /** The buyer has completed the profile on the way. */
  profile_completed: boolean;
}

/** What is done for the page. */
export type AdmitOneAction = 'sign-in' | 'step-up' | 'sign-out';

/** Why it wasn't. */
export interface AdmitOneFailure {
  /** A code of docs/errors.md, or `popup_closed` or `frame_refused`. */
  code: string;
  /** What was being done. */
  action?: AdmitOneAction;
}

/** With what the methods reject. */
export interface AdmitOneError extends Error {
  code: string;
}

/** The events, all of which bubble. */
export interface AdmitOneEventMap {
  'admit-one:ready': CustomEvent<undefined>;
  'admit-one:signed-in': CustomEvent<AdmitOneUser>;
  'admit-one:profile-completed': CustomEvent<AdmitOneUser>;
  'admit-one:signed-out': CustomEvent<undefined>;
  'admit-one:error': CustomEvent<AdmitOneFailure>;
}

/** `<admit-one partner="…">`. Attributes: `partner`, `label`, `label-out`, `lang`, `mode="redirect"`. */
export class AdmitOne extends HTMLElement {
  /** What was released of who is signed in, or null. */
  readonly user: AdmitOneUser | null;
  /** Signs the buyer in. Call it in a press, or browsers refuse the popup and this page is left. */
  signIn(): Promise<AdmitOneUser>;
  /** Asks for one more proof of who is signed in; whatever goes wrong leaves `user` as it was. */
  stepUp(): Promise<AdmitOneUser>;
  /** Forgets who is signed in, here and, where the buyer says so, on the pages of Admit One. */
  signOut(): Promise<null>;
  /** The ID token, if it was released and hasn't expired. */
  getToken(): Promise<string | null>;
  addEventListener<K extends keyof AdmitOneEventMap>(
    type: K, listener: (event: AdmitOneEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'admit-one': AdmitOne;
  }
  interface HTMLElementEventMap extends AdmitOneEventMap {}
}
