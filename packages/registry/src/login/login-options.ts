import { homedir } from 'node:os'
import type { OptionKeys } from '@rt/sys'
import { authFilePaths } from '../credentials/auth-files.js'

/** Where credentials are kept. */
export interface LoginOptions {
  /** An auth.json or config.json that alone counts. Default: as for RegistryClient. */
  readonly authFile?: string
  /** Environment that files are named by and helpers run in. Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv
  /** Default: the user's. */
  readonly home?: string
}

export const LOGIN_OPTIONS: OptionKeys<LoginOptions> = { authFile: true, environment: true, home: true }

/** The files that may hold credentials, the first that counts first. */
export function loginFiles({ authFile, environment = process.env, home = homedir() }: LoginOptions): string[] {
  return authFile === undefined ? authFilePaths({ environment, home, uid: process.getuid?.() }) : [authFile]
}
