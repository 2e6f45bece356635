/** How an argument is compared, by the names of libseccomp and the OCI specification. */
export const OPERATORS = {
  SCMP_CMP_NE: '!=',
  SCMP_CMP_LT: '<',
  SCMP_CMP_LE: '<=',
  SCMP_CMP_EQ: '==',
  SCMP_CMP_GE: '>=',
  SCMP_CMP_GT: '>',
  SCMP_CMP_MASKED_EQ: '&',
} as const

export type OperatorName = keyof typeof OPERATORS
