/** Powers of 1000, as Docker shows sizes of images. */
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** `117MB`, `1.23kB`, `0B`: Docker's units, of up to `digits` digits. */
export function humanSize(bytes: number, digits = 3): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(digits))}${UNITS[unit]}`
}

/** [seconds below which it is said, seconds of one, name] */
const AGES: readonly (readonly [number, number, string])[] = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [48 * 3600, 3600, 'hour'],
  [14 * 86400, 86400, 'day'],
  [60 * 86400, 7 * 86400, 'week'],
  [730 * 86400, 30 * 86400, 'month'],
  [Number.POSITIVE_INFINITY, 365 * 86400, 'year'],
]

/** How long ago something was, in Docker's words: `3 hours ago`, `About a minute ago`. */
export function age(since: Date, now = new Date()): string {
  const seconds = Math.trunc((now.getTime() - since.getTime()) / 1000)
  if (seconds < 1) return 'Less than a second ago'
  if (seconds === 1) return '1 second ago'
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute ago'
  const hours = Math.round(seconds / 3600)
  if (minutes >= 60 && hours === 1) return 'About an hour ago'
  const [, one, name] = AGES.find(([below]) => seconds < below) as readonly [number, number, string]
  return `${name === 'hour' ? hours : Math.floor(seconds / one)} ${name}s ago`
}
