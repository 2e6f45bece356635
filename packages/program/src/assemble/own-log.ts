import { MAP_FIXED, MAP_SHARED, PROT_READ, PROT_WRITE } from '@rt/sys'
import { load } from '../language/instruction.js'
import { LOG_BASE, LOG_FAILED, LOG_FD } from './layout.js'
import { type OperationArgument, REGION_SIZE } from './operation.js'

/**
 * Each process of a program has a region of the log memfd to itself: what it did, where it is, what failed. A clone and
 * the branch behind it are run by both processes; they write a region of that clone's own, its *birth*, mapped just
 * before, and then each maps its own:
 *
 *     region 0          the supervisor
 *     region 2k - 1     the birth of the k-th clone's child; its first word is the child's pid (CLONE_PARENT_SETTID)
 *     region 2k         that child
 */
export const birthRegion = (process: number): number => 2 * process - 1
export const ownRegion = (process: number): number => 2 * process
export const regionCount = (processes: number): number => 2 * processes - 1

/** The arguments of an mmap(2) that puts a region in the log's place. */
export const mapRegion = (region: number): OperationArgument[] => [
  LOG_BASE,
  REGION_SIZE,
  PROT_READ | PROT_WRITE,
  MAP_SHARED | MAP_FIXED,
  LOG_FD,
  { region },
]

/** Word of a process that is about to end: the operation that has failed. */
export const FAILURE = '$failure'

/** Label of the first operation of which nobody is told: init's, where the supervisor leaves. */
export const ALONE = '$alone'

/**
 * The first instruction wherever a failure that ends a process leads: which operation it was. The header's word is
 * overwritten by errors that are tolerated on the way out.
 */
export const LATCH = load(FAILURE, LOG_BASE + LOG_FAILED)
