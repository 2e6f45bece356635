import type { Resources } from './resources.js'

/** Parts of {@link Resources} that are lists or tables: one field each. */
type Whole = 'hugetlb' | 'rdma' | 'devices' | 'unified'

/** Every field of {@link Resources} by its path: `memory.max`. */
export type FieldPath = {
  [Part in keyof Resources & string]-?: Part extends Whole
    ? Part
    : `${Part}.${keyof NonNullable<Resources[Part]> & string}`
}[keyof Resources & string]
