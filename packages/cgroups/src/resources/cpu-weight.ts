/**
 * cpu.weight of cgroup v2 (1 to 10000, 100 by default) for cpu.shares of v1 (2 to 262144, 1024 by default):
 *
 *     weight = ceil(10 ^ ((l² + 125 l) / 612 − 7 / 34)),  l = log2(shares)
 *
 * The least, the greatest and, what matters most, the default of one are those of the other, so a container that asks
 * for Docker's default share is on a par with the host's services. This is what runc from 1.4 and crun from 1.23 write.
 * The line they drew before, 1 + (shares − 2) · 9999 / 262142 (Kubernetes KEP-2254), turned 1024 into 39.
 */
export function weightOfShares(shares: number): number {
  const l = Math.log2(shares)
  const exponent = (l * l + 125 * l) / 612 - 7 / 34
  // The formula gives whole numbers for 2, 1024 and 262144, but for the last bits of a double.
  return Math.min(Math.max(Math.ceil(10 ** exponent - 1e-9), 1), 10_000)
}
