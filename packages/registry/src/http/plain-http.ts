/** Whether a host is this machine: nobody is between, so plain http tells nobody anything. */
export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare)
}

/** The name of `HOST:PORT` without the port. */
export const hostnameOf = (host: string): string => host.replace(/:\d+$/, '')
