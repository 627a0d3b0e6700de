import { openAt, type Place } from './parcel.ts'

// A process that delivers what is due at the place that it is told, until it ends.

process.on('message', ({ place, deliveries }: { place: Place; deliveries: number }) => {
  void openAt(place, deliveries).then((node) => {
    process.on('disconnect', () => void node.close())
    process.send?.('open')
  })
})
