import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Excerpt, type ExcerptKind, hideCode } from './excerpt.ts'
import { countIn, findIn, folderOf, type Passage } from './measure.ts'
import { readFile } from './read-file.ts'
import { perThousand, renderFinding, renderTable } from './render.ts'
import { splitSentences } from './sentences.ts'

/** Reads a file and returns the texts of one kind, each on one line. */
const textsOf = (kind: ExcerptKind, path: string, ...lines: readonly string[]): readonly string[] =>
  readFile(path, lines.join('\n'))
    .filter((excerpt) => excerpt.kind === kind)
    .map(oneLine)

const oneLine = ({ text }: Excerpt): string => text.replaceAll(/\s+/g, ' ').trim()

describe('comments of TypeScript', () => {
  it('reads comments of TypeScript from lines, blocks and TSDoc, without their signs', () => {
    const lines = ['/**', ' * Reads it.', ' * Throws else.', ' */', 'f() // at the end', '/* in a block */']
    expect(textsOf('comment', 'a.ts', ...lines)).toEqual(['Reads it. Throws else.', 'at the end', 'in a block'])
  })

  it('joins comments of TypeScript on lines that follow one another', () => {
    expect(textsOf('comment', 'a.ts', 'f() // one', '// two', '// three', '', '// four')).toEqual(['one', 'two three', 'four'])
  })

  it('finds no comment in strings, templates and patterns of TypeScript', () => {
    const lines = [
      "const a = 'no // comment'",
      'const b = `no /* comment */ ${c /* yes */} // no`',
      'const d = /[/]/* 2 // yes too',
      "type E = '// no'",
      'type F = `// no ${string} // no`',
    ]
    expect(textsOf('comment', 'a.ts', ...lines)).toEqual(['yes', 'yes too'])
  })

  it('finds a comment of TypeScript after letters that take several bytes', () => {
    expect(readFile('a.ts', "const é = '→ // no'\nconst b = 'ü' // ja, größer\n")).toEqual([
      { kind: 'comment', line: 2, text: expect.stringMatching(/^ +ja, größer$/) },
    ])
  })

  it('reads comments of a module with `using` and a first line for the shell', () => {
    expect(textsOf('comment', 'a.mjs', '#!/usr/bin/env node', 'await using file = open() // a file')).toEqual(['a file'])
  })
})

describe('literals of TypeScript', () => {
  it('reads a string of TypeScript if it has at least four words', () => {
    const lines = ["import { a } from './some/long/path.ts'", "const b = 'three words only'", "fail('The topic does not exist.')"]
    expect(textsOf('text', 'a.ts', ...lines)).toEqual(['The topic does not exist.'])
  })

  it('reads a template of TypeScript and marks its expressions as code', () => {
    const excerpts = readFile('a.ts', '\nconst a = `The topic ${name(\n  `${b}`)} does\nnot exist.`')
    expect(excerpts).toEqual([{ kind: 'text', line: 2, text: 'The topic ¤\n does\nnot exist.' }])
  })

  it('reads a string of TypeScript without its escapes', () => {
    expect(textsOf('text', 'a.ts', String.raw`a('The owner\'s\nkey is \u0041 missing')`)).toEqual(["The owner's key is u0041 missing"])
  })

  it('reads no strings of tests, contracts and test doubles', () => {
    const line = "fail('The topic does not exist.')"
    expect(['a.test.ts', 'a.contract.ts', 'testing/a.ts', 'gateway/testing/a.ts'].flatMap((path) => textsOf('text', path, line))).toEqual(
      [],
    )
  })
})

describe('titles of tests', () => {
  it('reads the titles of test, it and describe, with skipIf and each', () => {
    const lines = [
      "describe('topics', () => {",
      "  it('is read', () => expect('nothing else at all'))",
      '  test.skipIf(!here)(`is ${colour}`, () => {})',
      "  it.each(rows)('is written', () => {})",
      "  untested('is this one a title')",
      '})',
    ]
    expect(textsOf('title', 'a.test.ts', ...lines)).toEqual(['topics', 'is read', 'is ¤', 'is written'])
  })

  it('reads the first cell of a row as a title in tests if it has at least four words', () => {
    const lines = ["it.each([['a topic that does not exist', 404], ['a topic', 'another cell of four words']] as const)('%s', f)"]
    expect(textsOf('title', 'a.test.ts', ...lines)).toEqual(['a topic that does not exist', '%s'])
    expect(textsOf('title', 'a.ts', "const rows = [['a topic that does not exist', 404]]")).toEqual([])
  })
})

describe('pages', () => {
  it('reads a page without its code, addresses and tags', () => {
    const lines = [
      '# Head',
      'Use `a b c` and [the page](docs/a.md) <b>now</b>.',
      '```sh',
      'whoever',
      '```',
      '',
      '    whoever',
      '',
      '- item',
      '',
      '    more of it',
    ]
    expect(textsOf('page', 'a.md', ...lines)).toEqual(['# Head Use ¤ and the page now . ¤ - item more of it'])
  })

  it('keeps the lines of a page in place', () => {
    const [page] = readFile('a.md', '```sh\nx\n```\n\nRead on.\n')
    expect(splitSentences(page?.text ?? '')).toEqual([{ text: 'Read on.', line: 4 }])
  })

  it('reads each cell of a table as a sentence', () => {
    const [page] = readFile('a.md', '| One here | two there. |\n|---|---|\n| three | |\n')
    expect(splitSentences(page?.text ?? '').map(({ text }) => text)).toEqual(['One here', 'two there.', '---', '---', 'three'])
  })
})

describe('comments of other languages', () => {
  it('reads comments and docstrings of Python', () => {
    expect(textsOf('comment', 'a.py', '#!/usr/bin/env python3', 'def f():', '    """Reads it."""', "    x = '# no'  # yes")).toEqual([
      'Reads it.',
      'yes',
    ])
  })

  it('reads comments of Go and Java, and none in their raw strings', () => {
    expect(textsOf('comment', 'a.go', 'a := "// no" + `// no` // yes', '/* and', 'this */')).toEqual(['yes', 'and this'])
    expect(textsOf('comment', 'A.java', 'var a = """', '  // no', '  """; // yes', "char b = '\"'; // and this")).toEqual([
      'yes',
      'and this',
    ])
  })

  it('reads a comment of the shell after a blank and outside of quotes', () => {
    const lines = ['#!/bin/sh', '# One', '# more.', "echo $# 'no # comment' a#b # yes"]
    expect(textsOf('comment', 'a.sh', ...lines)).toEqual(['One more.', 'yes'])
    expect(textsOf('comment', 'bin/kafka', ...lines)).toEqual(['One more.', 'yes'])
  })

  it('reads the help of targets in a Makefile as comments', () => {
    expect(textsOf('comment', 'Makefile', 'up: ## Start it', "\t@echo '# no'")).toEqual(['Start it'])
  })

  it('reads comments of YAML and Helm', () => {
    const lines = ['{{- /* Who may read. */ -}}', 'a: "# no" # yes', "b: it's # this, too", 'c: x#y']
    expect(textsOf('comment', 'a.yaml', ...lines)).toEqual(['Who may read.', 'yes', 'this, too'])
  })

  it('reads comments of CSS, HTML, JSON and a Dockerfile', () => {
    expect(textsOf('comment', 'a.css', 'a { b: url(//c) } /* yes */')).toEqual(['yes'])
    expect(textsOf('comment', 'a.html', '<!-- yes --><p>no</p>')).toEqual(['yes'])
    expect(textsOf('comment', '.oxlintrc.json', '{ "a": "// no" } // yes')).toEqual(['yes'])
    expect(textsOf('comment', 'Dockerfile', '# yes', 'RUN echo a # no')).toEqual(['yes'])
  })
})

describe('texts of other languages', () => {
  it('reads the text of HTML, the notes of a chart, and strings of Helm and the shell', () => {
    expect(textsOf('text', 'a.html', '<style>a {}</style><p title="x">Read <b>this</b> page</p>')).toEqual(['Read this page'])
    expect(textsOf('text', 'templates/NOTES.txt', 'Installed {{ .Chart.Name }} here.')).toEqual(['Installed ¤ here.'])
    expect(textsOf('text', 'a.tpl', '{{ fail "this value must not be empty" }}')).toEqual(['this value must not be empty'])
    expect(textsOf('text', 'a.sh', 'echo "no cluster of that name"')).toEqual(['no cluster of that name'])
  })

  it('reads no text of a file in an unknown language', () => {
    expect(readFile('a.sum', '# Whoever')).toEqual([])
  })
})

describe('code in prose', () => {
  it('replaces backticks, links to symbols, addresses and paths with one mark each', () => {
    expect(hideCode('a `b c` {@link D} https://e.f/g h/i.ts j').replaceAll(/ +/g, ' ')).toBe('a ¤ ¤ ¤ ¤ j')
  })

  it('ends code at as many backticks as opened it, in the same paragraph', () => {
    expect(hideCode('``a ` b`` c').replaceAll(/ +/g, ' ')).toBe('¤ c')
    expect(hideCode('a ` b\n\nc ` d')).toBe('a ` b\n\nc ` d')
  })
})

describe('sentences', () => {
  const sentences = (text: string): readonly string[] => splitSentences(text).map((sentence) => sentence.text)

  it('ends a sentence at a full stop and a blank, not at an abbreviation or a number', () => {
    expect(sentences('One, e.g. this of 1.5 s. Two!\nThree ("four.") five')).toEqual([
      'One, e.g. this of 1.5 s.',
      'Two!',
      'Three ("four.")',
      'five',
    ])
  })

  it('ends a sentence with a paragraph, an item, a heading and a tag', () => {
    expect(sentences('# Head\nOne\n\ntwo:\n- three\n  four\n2. five\n@param six seven')).toEqual([
      'Head',
      'One',
      'two:',
      'three four',
      'five',
      'six seven',
    ])
  })
})

const passage = (kind: ExcerptKind, text: string): Passage => ({ kind, path: 'gateway/a.ts', line: 7, text })
const found = (kind: ExcerptKind, text: string): readonly string[] =>
  findIn(passage(kind, text)).map(({ kind: finding, what }) => `${finding} ${what}`)

describe('findings', () => {
  it('finds a marker in any kind of text, as a whole word, each time', () => {
    expect(found('title', 'Whoever asks, whoever else; NOBODY’s wish')).toEqual(['marker whoever', 'marker whoever', 'marker nobody'])
    expect(found('text', 'twin-engined, retold, ¤')).toEqual([])
  })

  it('finds marker phrases, and not the English that resembles them', () => {
    const phrases = [
      'it is no event',
      'as many as it may have',
      'says of itself',
      'where nothing is said',
      'after so many turns',
      'it stands below',
      'gone for good',
    ]
    expect(phrases.flatMap((text) => found('text', text))).toEqual(
      ['is no', 'as it may', 'tells of', 'is said', 'so many', 'stands', 'for good'].map((name) => `marker ${name}`),
    )
    const english = [
      'there is no event',
      'it is no longer here',
      'it is no slower than that',
      'as soon as it is',
      'so many events that it fails',
      'it stands for a name',
      'for good reason',
    ]
    expect(english.flatMap((text) => found('text', text))).toEqual([])
  })

  it('finds comments that open as fragments, and no pages, texts or titles', () => {
    expect(['What it is.', 'of them', 'Whether\nit is'].flatMap((text) => found('comment', text))).toEqual([
      'fragment What',
      'fragment of',
      'fragment Whether',
    ])
    expect(['Whatsoever it is.', '@returns what it is', '¤ what it is'].flatMap((text) => found('comment', text))).toEqual([])
    expect((['page', 'text', 'title'] as const).flatMap((kind) => found(kind, 'What it is.'))).toEqual([])
  })

  it('finds sentences over 25 words in pages and comments, and counts code as a word', () => {
    const words = 'a '.repeat(24)
    expect([`${words}¤.`, `${words}¤ b.`].map((text) => found('comment', text))).toEqual([[], ['long 26 words']])
    expect(found('page', `One. ${words}¤ b.`)).toEqual(['long 26 words'])
    expect(found('text', `${words}¤ b.`)).toEqual([])
  })

  it('names the line on which the sentence of a finding begins', () => {
    expect(findIn(passage('comment', ' One.\n\n Two is for\n nobody. '))).toEqual([
      { kind: 'marker', what: 'nobody', path: 'gateway/a.ts', line: 9, sentence: 'Two is for nobody.' },
    ])
    expect(findIn(passage('comment', ' One.\n Of nobody.')).map(renderFinding)).toEqual(['gateway/a.ts:8: marker "nobody": Of nobody.'])
  })
})

describe('figures', () => {
  it('counts words, markers, fragments and sentences over all passages', () => {
    const counts = countIn([
      passage('comment', 'Of nobody. And a second sentence.'),
      passage('title', 'is told ¤'),
      passage('page', 'short cell'),
    ])
    expect(counts).toEqual({ words: 10, markers: 2, comments: 1, fragments: 1, sentences: 1, longSentences: 0 })
    expect(perThousand(counts)).toBe(200)
    expect(perThousand(countIn([]))).toBe(0)
  })

  it('renders counts as a table of Markdown', () => {
    const rows = new Map([['gateway', { words: 2000, markers: 3, comments: 8, fragments: 1, sentences: 0, longSentences: 0 }]])
    expect(renderTable('folder', rows).split('\n')).toEqual([
      '| folder  | words | markers | per 1,000 | comments | fragments | sentences | over 25 words |',
      '|---------|------:|--------:|----------:|---------:|----------:|----------:|--------------:|',
      '| gateway | 2,000 |       3 |       1.5 |        8 |    12.5 % |         0 |             - |',
    ])
  })

  it('cuts the folder of a path at a depth', () => {
    expect(['README.md', 'docs/a.md', 'gateway/event/b.ts'].map((path) => folderOf(path, 1))).toEqual(['.', 'docs', 'gateway'])
    expect(folderOf('gateway/event/b.ts', 2)).toBe('gateway/event')
  })
})

describe('the command', () => {
  let root = ''
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'carillon-words-'))
    const files = { 'docs/a.md': 'Nobody reads it.\n', 'gateway/event/b.ts': '// Of events.\n', 'node_modules/c/d.md': 'Nobody.\n' }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
  })
  afterAll(() => rmSync(root, { recursive: true }))

  const run = (...flags: readonly string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...flags], { encoding: 'utf8' })
  const firstCells = (table: string): readonly string[] => table.split('\n').flatMap((line) => /^\| ([^ ]+) +\|/.exec(line)?.[1] ?? [])

  it('prints a table of folders for a tree without git, and passes over node_modules', () => {
    expect(firstCells(run('--root', root).stdout)).toEqual(['folder', 'docs', 'gateway', 'all', 'kind', 'comment', 'page', 'text', 'title'])
  })

  it('prints a row for each folder below a path that is given', () => {
    expect(firstCells(run('--root', root, 'gateway').stdout).slice(0, 3)).toEqual(['folder', 'gateway/event', 'all'])
  })

  it('lists each finding with its path and line', () => {
    expect(run('--root', root, '--list').stdout).toBe(
      'docs/a.md:1: marker "nobody": Nobody reads it.\ngateway/event/b.ts:1: fragment "Of": Of events.\n',
    )
    expect(run('--root', root, '--only', 'fragment').stdout).toBe('gateway/event/b.ts:1: fragment "Of": Of events.\n')
  })

  it('prints its help, and refuses an unknown flag', () => {
    expect(run('--help').stdout).toContain('Usage: node scripts/words/main.ts')
    const refused = run('--lst')
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("'--lst'")])
  })
})
