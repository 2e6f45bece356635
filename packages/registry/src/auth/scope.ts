/** What a token is to allow, in the words of token servers: `repository:library/debian:pull`. */
export const pullScope = (repository: string): string => `repository:${repository}:pull`

export const pushScope = (repository: string): string => `repository:${repository}:pull,push`

/** The scopes that a challenge asks for besides our own: a registry may have other words for the same. */
export function withChallenged(scopes: readonly string[], challenged: string | undefined): string[] {
  const more = (challenged ?? '')
    .split(' ')
    .filter((scope) => scope !== '' && !scopes.some((own) => covers(own, scope)))
  return [...scopes, ...more]
}

/** Whether `own` asks for all that `other` does. */
function covers(own: string, other: string): boolean {
  const [ownName, ownActions] = split(own)
  const [otherName, otherActions] = split(other)
  return ownName === otherName && otherActions.every((action) => ownActions.includes(action))
}

const split = (scope: string): [string, string[]] => {
  const colon = scope.lastIndexOf(':')
  return [scope.slice(0, colon), scope.slice(colon + 1).split(',')]
}
