#!/usr/bin/env node
/** The example of cdk8s/README.md: `node cdk8s/example/main.ts --help`. */
import { readFileSync } from 'node:fs'
import { failed, ok, type Result } from '../../program/result.ts'
import { createExampleApp } from './example-app.ts'
import { help, parseExampleOptions, type ExampleOptions } from './options.ts'

function main(args: readonly string[]): Result<string, string> {
  const options = parseExampleOptions(args)
  if (!options.ok) return options
  return options.value === 'help' ? ok(help) : write(options.value)
}

function write(options: ExampleOptions): Result<string, string> {
  try {
    const app = createExampleApp(options, options.jwks === undefined ? null : readKeys(options.jwks))
    if (options.out === undefined) return ok(app.synthYaml())
    app.synth()
    return ok(`wrote ${options.out}\n`)
  } catch (error) {
    // The constructs throw for a value that they refuse, and the file system for a file that does not exist.
    return failed(error instanceof Error ? error.message : String(error))
  }
}

/** @throws Error when the file does not exist, or holds private keys */
function readKeys(path: string): string {
  const text = readFileSync(path, 'utf8')
  const { keys } = JSON.parse(text) as { readonly keys?: readonly object[] } // any JSON; the check below looks at `keys`
  if (!Array.isArray(keys)) throw new Error(`${path} is not a JSON Web Key Set: it has no list \`keys\``)
  if (keys.some((key) => 'd' in Object(key) || 'k' in Object(key)))
    throw new Error(`${path} holds private keys, which do not belong in a ConfigMap. Give the public keys`)
  return text
}

const outcome = main(process.argv.slice(2))
if (outcome.ok) process.stdout.write(outcome.value)
else {
  process.stderr.write(`${outcome.error}\n`)
  process.exitCode = 2
}
