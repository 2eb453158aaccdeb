import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import type { Application, ProjectReflection } from 'typedoc'
import { cdk8sTypes } from '../scripts/build/cdk8s.ts'
import { root } from './pages.ts'

/** An entry point of a package, and the file that TypeDoc reads for it. */
interface Entry {
  /** Name that a user imports. */
  readonly name: string
  readonly file: string
}

/** Entry points whose sources have the types as they are published. */
const sources: readonly Entry[] = [
  { name: '@carillon/client', file: 'client/index.ts' },
  { name: '@carillon/client/testing', file: 'client/memory-gateway.ts' },
  { name: '@carillon/client/filters', file: 'client/filters.ts' },
  { name: '@carillon/client/send', file: 'client/send.ts' },
  { name: '@carillon/client/share', file: 'client/share.ts' },
  { name: '@carillon/react', file: 'react/index.ts' },
]

/**
 * Writes a page of Markdown for each entry point of the published packages.
 *
 * @param directory gets `client.md`, `client-testing.md` and so on, and is emptied before
 * @throws when TypeDoc cannot read an entry point, or when a documented type names one that is not exported
 */
export async function writeTypeReference(directory: string): Promise<void> {
  // The types of cdk8s are rendered from the schema of the resources. Imports are found from a folder below the root.
  await mkdir(join(root, 'artifacts'), { recursive: true })
  const folder = await mkdtemp(join(root, 'artifacts', 'types-'))
  try {
    const constructs = join(folder, 'cdk8s.d.ts')
    await writeFile(constructs, await cdk8sTypes())
    const entries = [...sources, { name: '@carillon/cdk8s', file: constructs }]
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig(entries)))
    await convert({ entries, tsconfig: join(folder, 'tsconfig.json'), directory })
  } finally {
    await rm(folder, { recursive: true })
  }
}

const tsconfig = (entries: readonly Entry[]): object => ({
  extends: join(root, 'tsconfig.json'),
  compilerOptions: { rootDir: root },
  include: [],
  files: entries.map(({ file }) => join(file.startsWith('/') ? '' : root, file)),
})

interface Conversion {
  readonly entries: readonly Entry[]
  readonly tsconfig: string
  readonly directory: string
}

async function convert({ entries, tsconfig: config, directory }: Conversion): Promise<void> {
  const app = await loadTypeDoc({ tsconfig: config, entryPoints: entries.map(({ file }) => file), directory })
  const project = await app.convert()
  if (project === undefined) throw new Error('TypeDoc made no reference: the lines above have its reason.')
  rename(project, entries)
  app.validate(project)
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error('TypeDoc has a complaint, in the lines above. Write the missing sentence, or export the type that is named.')
}

/** Gives the modules the names that a user imports. TypeDoc orders entry points as it likes, and names them by their files. */
function rename(project: ProjectReflection, entries: readonly Entry[]): void {
  for (const module of project.children ?? []) {
    const file = module.sources?.[0]?.fullFileName
    const entry = entries.find((each) => join(each.file.startsWith('/') ? '' : root, each.file) === file)
    if (entry === undefined) throw new Error(`TypeDoc documents ${file}, which is not among the entry points of the packages.`)
    module.name = entry.name
  }
  // The types of cdk8s are in a file that the repository does not have.
  const generated = Object.values(project.reflections).filter((each) => 'sources' in each)
  for (const reflection of generated) Reflect.deleteProperty(reflection, 'sources')
}

/** TypeDoc needs the compiler as a module. TypeScript 7 has none, so TypeDoc gets TypeScript 6, which has another name here. */
async function loadTypeDoc(settings: {
  readonly tsconfig: string
  readonly entryPoints: readonly string[]
  readonly directory: string
}): Promise<Application> {
  const compiler = import.meta.resolve('typescript6')
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'typescript' ? { url: compiler, format: 'commonjs', shortCircuit: true } : next(specifier, context),
  })
  try {
    const { Application: Docs } = await import('typedoc')
    return await Docs.bootstrapWithPlugins({
      name: 'Carillon',
      entryPoints: [...settings.entryPoints],
      tsconfig: settings.tsconfig,
      basePath: root,
      plugin: ['typedoc-plugin-markdown'],
      outputs: [{ name: 'markdown', path: settings.directory }],
      readme: 'none',
      disableGit: true,
      // `rename` reads the sources, and removes them.
      sourceLinkTemplate: '{path}',
      excludePrivate: true,
      excludeInternal: true,
      excludeExternals: true,
      sort: ['source-order'],
      logLevel: 'Warn',
      validation: { notExported: true, invalidLink: true, notDocumented: true },
      requiredToBeDocumented: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable', 'Property', 'Method', 'Accessor'],
      intentionallyNotDocumented: anonymous,
      ...markdownOptions,
    })
  } finally {
    hooks.deregister()
  }
}

/** Members of types without a name. The sentence of the type around them is about them. */
const anonymous = [
  '@carillon/client/testing.MemoryGateway.options.__type.base',
  '@carillon/client/testing.MemoryGateway.options.__type.WebSocket',
  '@carillon/client/testing.MemoryGateway.options.__type.fetch',
  ...['kind', 'transport', 'code', 'reason', 'retryInMs'].map((name) => `@carillon/client.ConnectionState.__type.${name}`),
  ...['exact', 'prefix', 'suffix', 'all', 'any', 'not', 'sql'].map((name) => `@carillon/client/filters.Filter.__type.${name}`),
  '@carillon/client.EventOf.__type.data',
  '@carillon/react.ChannelState.__type.kind',
  '@carillon/client.Fetch.__type.fetch',
  '@carillon/client.WebSocketConstructor.__type.WebSocket',
]

/** Options of the plugin, which TypeDoc's own types do not know. */
const markdownOptions = {
  outputFileStrategy: 'modules',
  entryFileName: 'index',
  mergeReadme: false,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  parametersFormat: 'table',
  useCodeBlocks: true,
  tableColumnSettings: { hideSources: true, hideModifiers: true },
} as object
