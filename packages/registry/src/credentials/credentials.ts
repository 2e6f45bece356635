/** Who we are for a registry. */
export type Credentials =
  /** For Basic, and for asking a token server. */
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token ("identitytoken" in configurations), good for asking a token server. */
  | { readonly kind: 'refresh-token'; readonly token: string }
  /** A token for the registry itself ("registrytoken"), sent as it is. */
  | { readonly kind: 'bearer-token'; readonly token: string }
