/** What Docker Hub is called in references. */
export const DOCKER_HUB = 'docker.io'

/** Other names that references and configurations of old use for it. */
const NAMES: ReadonlySet<string> = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io'])

/** Where `docker login` files its credentials, and what its helpers are asked for. */
export const DOCKER_HUB_CREDENTIALS = 'https://index.docker.io/v1/'

export const isDockerHub = (host: string): boolean => NAMES.has(host)

/** The host whose API is asked: for Docker Hub not the one that its references name. */
export const apiHost = (registry: string): string => (registry === DOCKER_HUB ? 'registry-1.docker.io' : registry)
