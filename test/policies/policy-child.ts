import { openAt, type Place } from './place.ts'

// A process that does what the policies say at the place that it is told, until it ends.

process.on('message', (place: Place) => {
  void openAt(place, true).then((node) => {
    process.on('disconnect', () => void node.close())
    process.send?.('open')
  })
})
