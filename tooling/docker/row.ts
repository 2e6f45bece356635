/** One way to start a container, given to docker and to rt alike. */
export interface Row {
  /** Options of `run`, as typed. `FOLDER` stands for a folder of the host with `file` and `sub/` in it. */
  readonly options: readonly string[]
  /**
   * What runs: a script for the root's `sh -c`, or the words of COMMAND. Default: nothing but `true`, for rows that are
   * about the exit code.
   */
  readonly command?: string | readonly string[]
  readonly input?: string
  /** Why the two answer differently. Absent: they must answer the same, exit code and stdout. */
  readonly differs?: string
}

/** Rows about one subject. */
export interface Section {
  readonly title: string
  readonly rows: readonly Row[]
}

/** What a command answered. */
export interface Answer {
  readonly status: number | null
  readonly stdout: string
  /** Not compared: the two have words of their own. Shown where one refuses. */
  readonly stderr: string
}

/** A row with both answers. */
export interface Compared {
  readonly row: Row
  readonly docker: Answer
  readonly rt: Answer
  readonly isSame: boolean
}
