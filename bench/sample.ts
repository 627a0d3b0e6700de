/** The data of an event: 260 bytes of JSON, the size that the targets speak of. */
export const data = { order: 'order-1', note: 'x'.repeat(200), amount: 12.5, paid: false }

/** As it is offered to Aether. */
export const placed = { type: 'Placed', data }
