const specimens: object[] = []

/**
 * Keeps an object of a class whose objects all live for a moment. Where a collection of the old heap finds none
 * of them, V8 forgets how they are laid out, and throws away all code that it optimized for them: after it, a
 * process that rests now and then would be as slow as one that has just begun. Its fields must hold what those
 * of the others do: a fraction where they hold fractions.
 */
export function keepSpecimen(specimen: object): void {
  specimens.push(specimen)
}
