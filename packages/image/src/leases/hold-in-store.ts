import { type ImageStore, placesOf } from '../store/open-store.js'
import { Lease } from './lease.js'

/**
 * Takes a lease: what it holds stays in the store until all who have its descriptor are gone, a container's supervisor
 * among them perhaps.
 *
 * @returns one that holds nothing yet; `using` lets go of it
 */
export const holdInStore = (store: ImageStore): Lease => Lease.open(placesOf(store))
