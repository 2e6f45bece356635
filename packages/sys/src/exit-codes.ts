/** The set-up failed, and the program was not started: docker-run(1), "Exit Status". */
export const SETUP_FAILED = 125

/** The program is there and can't be executed: POSIX, "Shell Command Language", 2.8.2. */
export const NOT_EXECUTABLE = 126

/** The program isn't there: the same section. */
export const NOT_FOUND = 127
