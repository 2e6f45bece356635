/**
 * The third part of the sentence: change the root, then the user, its capabilities and limits, then exec. Steps are
 * pure; the functions that look at the host say so.
 */

export { awaitStart, START, start } from './exec/await-start.js'
export type { Text } from './exec/candidates.js'
export { closeDescriptors } from './exec/close-descriptors.js'
export { DEFAULT_PATH } from './exec/default-path.js'
export { type DiagnoseOptions, diagnoseExec } from './exec/diagnose-exec.js'
export { exec } from './exec/exec.js'
export type { CloseDescriptorsOptions, ExecOptions } from './exec/exec-options.js'
export { type InitOptions, init } from './exec/init.js'
export { type ContainerFacts, inspectContainer } from './join/inspect-container.js'
export { type IdRange, inspectProgram, type ProgramFacts } from './join/inspect-program.js'
export { type JoinOptions, joinContainer } from './join/join-container.js'
export type { NamespaceName } from './join/namespace-names.js'
export {
  type AvailableCapabilities,
  availableCapabilities,
  capabilitySet,
} from './process/capabilities/available-capabilities.js'
export { type CapabilitiesOptions, type CapabilitySets, capabilities } from './process/capabilities/capabilities.js'
export { DEFAULT_CAPABILITIES } from './process/capabilities/default-capabilities.js'
export { noNewPrivileges } from './process/capabilities/no-new-privileges.js'
export { type CapabilityChanges, resolveCapabilities } from './process/capabilities/resolve-capabilities.js'
export { domainname, hostname } from './process/hostname.js'
export { oomScoreAdj } from './process/limits/oom-score-adj.js'
export { parseUlimits } from './process/limits/parse-ulimits.js'
export { type Rlimit, type RlimitValue, rlimits } from './process/limits/rlimits.js'
export { umask } from './process/limits/umask.js'
export { newSession } from './process/terminal/new-session.js'
export { sessionKeyring } from './process/terminal/session-keyring.js'
export { type StandardStreamsOptions, standardStreams } from './process/terminal/standard-streams.js'
export { type TerminalOptions, terminal } from './process/terminal/terminal.js'
export { type Identity, type ResolvedUser, type ResolveUserOptions, resolveUser } from './process/user/resolve-user.js'
export { type UserOptions, user } from './process/user/user.js'
export { parseUserSpec, type UserSpec } from './process/user/user-spec.js'
export type { RootChange } from './root/change-root.js'
export { chrootRoot } from './root/chroot-root.js'
export { hostRoot } from './root/host-root.js'
export { neededRootChange } from './root/needed-root-change.js'
export type { RootLookup } from './root/path-in-root.js'
export { type RootOptions, root } from './root/root.js'
export { sameDirectory } from './root/same-directory.js'
export { type WorkingDirectoryOptions, workingDirectory } from './root/working-directory.js'
