/** Where the frame (program/src/frame.ts) keeps init's pid, in the supervisor. */
export const INIT_PID = '$clone'
