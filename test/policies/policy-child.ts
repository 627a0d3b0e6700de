import type { StorePlace } from '../support/store-place.ts'
import { workUntilLeft } from '../support/work-until-left.ts'
import { openAt } from './place.ts'

// A process that does what the policies say at the place that it is told, until it ends.

workUntilLeft((place: StorePlace) => openAt(place, true))
