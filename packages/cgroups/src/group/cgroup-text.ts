import type { Amount } from '../resources/amount.js'

/** v1 prints "no limit" as the largest number of pages in bytes; whatever is near 2^63 is none. */
const UNLIMITED = 2 ** 62

/** `max`, -1 or a number. */
export function parseAmount(text: string | undefined): Amount {
  const value = Number(text)
  return text === undefined || text === 'max' || text === '-1' || value >= UNLIMITED ? 'max' : value
}

/** Lines of `key value`, as in memory.stat, cpu.stat, pids.events. */
export function parseFlatKeyed(text: string | undefined): Record<string, number> {
  const values: Record<string, number> = {}
  for (const line of text?.split('\n') ?? []) {
    const [key, value] = line.split(' ')
    if (key && value !== undefined) values[key] = Number(value)
  }
  return values
}

/** Lines of `8:0 rbytes=1 wbytes=2`, as in io.stat, rdma.current. */
export function parseNestedKeyed(text: string | undefined): Record<string, Record<string, string>> {
  const values: Record<string, Record<string, string>> = {}
  for (const line of text?.split('\n') ?? []) {
    const [key, ...fields] = line.trim().split(' ')
    // io.stat prints a device without fields if it has done nothing.
    if (key) values[key] = Object.fromEntries(fields.map((field) => field.split('=') as [string, string]))
  }
  return values
}
