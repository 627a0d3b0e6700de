import { workUntilLeft } from '../support/work-until-left.ts'
import { openAt, type Deliveries } from './parcel.ts'

// A process that delivers what is due at the place that it is told, until it ends.

workUntilLeft(({ place, deliveries }: Deliveries) => openAt(place, deliveries))
