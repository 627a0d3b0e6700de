/**
 * A table of a projection as it stands in statements: `sql`INSERT INTO ${sale} …``. Which table of the
 * file it is depends on the build that is written, so nobody writes the name out.
 */
export class SqliteTable<Name extends string = string> {
  readonly name: Name

  constructor(name: Name) {
    this.name = name
  }
}
