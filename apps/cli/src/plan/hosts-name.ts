import { readFileSync } from 'node:fs'

/** What this host is called; uname(2). Not by node:os: its network interfaces and users take time to load. */
export const hostsName = (): string => readFileSync('/proc/sys/kernel/hostname', 'utf8').trimEnd()
