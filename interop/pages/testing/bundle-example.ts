import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { places } from '../places.ts'

const require = createRequire(join(places.node, 'package.json'))

/** Returns one script of a project's modules. @param entry the module that shows the example @param folder of the project */
export async function bundleExample(entry: string, folder: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: folder, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [vue, svelte],
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

/** What is used here of `vue/compiler-sfc`. */
interface VueCompiler {
  parse(source: string, options: { readonly filename: string }): { readonly descriptor: object }
  compileScript(descriptor: object, options: { readonly id: string; readonly inlineTemplate: true }): { readonly content: string }
}

/** What is used here of `svelte/compiler`. */
interface SvelteCompiler {
  compile(source: string, options: { readonly filename: string; readonly generate: 'client' }): { readonly js: { readonly code: string } }
}

const vue: Plugin = {
  name: 'vue',
  setup: ({ onLoad }) => {
    const { parse, compileScript } = require('vue/compiler-sfc') as VueCompiler // pinned in examples/node
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor } = parse(await readFile(path, 'utf8'), { filename: path })
      return { contents: compileScript(descriptor, { id: path, inlineTemplate: true }).content, loader: 'ts' }
    })
  },
}

const svelte: Plugin = {
  name: 'svelte',
  setup: ({ onLoad }) => {
    const { compile } = require('svelte/compiler') as SvelteCompiler // pinned in examples/node
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      return { contents: compile(source, { filename: path, generate: 'client' }).js.code, loader: 'js' }
    })
  },
}
