import type { SampleChange, SampleCommit, SamplePath } from './sample-repository.ts'

/** Paths that are easily taken for something else, or for each other. */
export const oddPaths: readonly SamplePath[] = [
  'with space.txt',
  ' leading and trailing ',
  '-leading-dash',
  ':(glob)*',
  '..dots...',
  '.hidden/.also hidden',
  'quote"and\'quote\\.txt',
  'tab\tand\nline feed\r.txt',
  '\nline feed first',
  'caf\u00e9.txt',
  'cafe\u0301.txt',
  '\ufeffbyte order mark',
  '📄/文件.txt',
  'line\u2028separator',
  // What the importer reads, as a path.
  ':100644 100644 ' + `${'1'.repeat(40)} `.repeat(2) + 'M',
  `commit ${'2'.repeat(40)}`,
  '1\t2\tnumbers',
  '-\t-\tnumbers',
  'R100',
  // Not UTF-8, and all shown in the same way.
  Buffer.from('caf\xe9.txt', 'latin1'),
  Buffer.from('caf\xea.txt', 'latin1'),
  Buffer.from('caf\xed\xa0\x80.txt', 'latin1'),
  // At the limit of a key, and behind it: the two longest differ in their last letter only.
  'k'.repeat(200),
  'k'.repeat(201),
  '文'.repeat(66) + '/k',
  '文'.repeat(67),
  `${'long/'.repeat(60)}a`,
  `${'long/'.repeat(60)}b`,
]

export const submoduleAt = 'c'.repeat(40)

/** Everything that can happen to a file in git. */
export const sampleHistory: readonly SampleCommit[] = [
  {
    name: 'root',
    changes: [
      { put: 'story.txt', content: linesOf(30) },
      { put: 'no end of line', content: 'one\ntwo' },
      { put: 'empty', content: '' },
      { put: 'logo.png', content: Buffer.from([1, 0, 2, 10]) },
      { put: 'a', content: 'this is a\n' },
      { put: 'b', content: 'and this is b\n' },
      { put: 'run.sh', content: 'true\n' },
      { put: 'link', content: 'story.txt', mode: '120000' },
    ],
  },
  { name: 'odd paths', changes: oddPaths.map((put, i) => ({ put, content: linesOf(i + 1) })) },
  {
    name: 'odd paths change',
    changes: oddPaths.map((put, i) => ({ put, content: `changed\n${linesOf(i + 3)}` })),
  },
  { name: 'empty commit' },
  {
    name: 'edits',
    changes: [
      { put: 'story.txt', content: linesOf(25) },
      { put: 'no end of line', content: 'one\ntwo\nthree\n' },
      { put: 'empty', content: '\n' },
      { put: 'logo.png', content: Buffer.from([1, 0, 3]) },
    ],
  },
  { name: 'mode', changes: [{ put: 'run.sh', content: 'true\n', mode: '100755' }] },
  { name: 'renamed', changes: [{ move: 'story.txt', to: 'book/story.txt' }] },
  {
    name: 'renamed and changed',
    changes: [
      { move: 'book/story.txt', to: 'book/novel.txt' },
      { put: 'book/novel.txt', content: linesOf(28) },
      { move: 'logo.png', to: 'book/logo.png' },
      { move: 'run.sh', to: 'run me.sh' },
      { put: 'run me.sh', content: 'true\n' },
    ],
  },
  { name: 'odd paths renamed', changes: oddPaths.map((move, i) => ({ move, to: `even/${i}` })) },
  {
    name: 'odd paths renamed back',
    changes: oddPaths.map((to, i) => ({ move: `even/${i}`, to })),
  },
  {
    name: 'swapped',
    changes: [
      { move: 'a', to: 'c' },
      { move: 'b', to: 'a' },
      { move: 'c', to: 'b' },
    ],
  },
  { name: 'renamed over another', changes: [{ move: 'b', to: 'a' }] },
  { name: 'deleted', changes: [{ remove: 'book/novel.txt' }, { remove: 'empty' }] },
  { name: 'added again', changes: [{ put: 'book/novel.txt', content: 'a new one\n' }] },
  {
    name: 'another type',
    changes: [
      { put: 'link', content: linesOf(3) },
      { put: 'a', content: 'run me.sh', mode: '120000' },
    ],
  },
  {
    name: 'directories for files',
    changes: [
      { remove: 'link' },
      { put: 'link/inside', content: linesOf(4) },
      { remove: 'book' },
      { put: 'book', content: 'a file now\n' },
    ],
  },
  {
    name: 'submodules',
    changes: [
      { submodule: 'vendor/library', at: 'b'.repeat(40) },
      { submodule: 'no end of line', at: 'b'.repeat(40) },
    ],
  },
  { name: 'submodule moves on', changes: [{ submodule: 'vendor/library', at: submoduleAt }] },
  {
    name: 'binary once',
    changes: [{ put: 'turns to text', content: Buffer.from([0, 10]) }],
  },
  { name: 'text now', changes: [{ put: 'turns to text', content: 'text\n' }] },
  { name: 'more text', changes: [{ put: 'turns to text', content: 'text\nand more\n' }] },
  { name: 'many files', changes: manyFiles() },
  { name: 'fork', changes: [{ put: 'shared', content: linesOf(20) }] },
  { name: 'side 1', changes: [{ put: 'shared', content: `side\n${linesOf(20)}` }] },
  { name: 'side 2', changes: [{ put: 'only on the side', content: linesOf(2) }] },
  {
    name: 'main 1',
    parent: 'fork',
    changes: [{ put: 'shared', content: `main\n${linesOf(20)}` }],
  },
  {
    name: 'merge, resolved in a third way',
    merged: 'side 2',
    changes: [
      { put: 'shared', content: `both\n${linesOf(20)}` },
      { put: 'only on the side', content: linesOf(2) },
      { put: 'in no parent', content: 'from the merge\n' },
    ],
  },
  { name: 'merge that keeps ours', merged: 'side 1' },
  {
    name: 'Latin 1',
    author: Buffer.from('Andr\xe9 <andre@example.org>', 'latin1'),
    encoding: 'ISO-8859-1',
    changes: [{ put: 'latin', content: '1\n' }],
  },
  {
    name: 'Latin 1, unsaid',
    author: Buffer.from('Andr\xe9 <andre@example.org>', 'latin1'),
    changes: [{ put: 'latin', content: '2\n' }],
  },
]

function linesOf(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i} of something long enough\n`).join('')
}

/** More than is read at once, so that pieces are cut anywhere. */
function manyFiles(): SampleChange[] {
  return Array.from({ length: 400 }, (_, i) => ({
    put: `many/${'d'.repeat(100 + (i % 50))}/${i}.txt`,
    content: `${i}\n`,
  }))
}
