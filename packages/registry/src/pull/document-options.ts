import type { OptionKeys } from '@rt/sys'

/** Of functions that ask for one document. */
export interface DocumentOptions {
  readonly signal?: AbortSignal
}

export const DOCUMENT_OPTIONS: OptionKeys<DocumentOptions> = { signal: true }
