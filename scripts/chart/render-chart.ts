import { readFileSync } from 'node:fs'
import { classCrdName, classSchema, renderClassDefinition } from '../../api/v1alpha1/class-crd.ts'
import { crdName, renderCustomResourceDefinition } from '../../api/v1alpha1/crd.ts'
import { minimalExample, smallClassExample } from '../../api/v1alpha1/examples.ts'
import { classKind, classType } from '../../api/v1alpha1/realtime-channel-class.ts'
import { channelKind, channelType } from '../../api/v1alpha1/realtime-channel.ts'
import { toYaml } from '../../api/v1alpha1/yaml.ts'
import { policyRules, releasePermissions, type PermissionScope } from '../../operator/permissions.ts'
import { code, table } from '../generate/reference-page.ts'
import { dashboards } from './dashboards.ts'
import { renderDashboard } from './render-dashboard.ts'
import { chartValues, flatValues, type Section, type Value } from './values.ts'

/** A file of the chart that is generated from the code. */
export interface ChartFile {
  /** Path below the folder of the chart. */
  readonly path: string
  /** Name of the file to change instead. */
  readonly source: string
  readonly render: () => string
}

export const chartFiles: readonly ChartFile[] = [
  { path: 'Chart.yaml', source: 'scripts/chart/render-chart.ts', render: renderChartYaml },
  { path: 'values.yaml', source: 'scripts/chart/values.ts', render: renderValues },
  { path: 'values.schema.json', source: 'scripts/chart/values.ts', render: renderSchema },
  { path: 'README.md', source: 'scripts/chart/values.ts', render: renderReadme },
  {
    path: 'files/realtimechannels.yaml',
    source: 'api/v1alpha1/realtime-channel.ts',
    render: () => toYaml(renderCustomResourceDefinition()),
  },
  {
    path: 'files/realtimechannelclasses.yaml',
    source: 'api/v1alpha1/realtime-channel-class.ts',
    render: () => toYaml(renderClassDefinition()),
  },
  { path: 'templates/_permissions.tpl', source: 'operator/permissions.ts', render: renderPermissions },
  ...dashboards.map((dashboard) => ({
    path: `files/dashboards/${dashboard.name}.json`,
    source: 'scripts/chart/dashboards.ts',
    render: () => renderDashboard(dashboard),
  })),
]

/** Returns the whole text of a file. Where the format has comments, the first line names its source. */
export function renderChartFile({ path, source, render }: ChartFile): string {
  const notice = `Generated from ${source}: change that, then run \`make docs\`.`
  if (path.endsWith('.json')) return render()
  if (path.endsWith('.yaml')) return `# ${notice}\n${render()}`
  return path.endsWith('.md') ? `<!-- ${notice} -->\n\n${render()}` : `{{/* ${notice} */}}\n${render()}`
}

/** A file of ours. */
const { version, description, license, homepage } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as Readonly<Record<'version' | 'description' | 'license' | 'homepage', string>>

const image = (): string => `${flatValues().find(({ path }) => path === 'image.repository')?.default}:${version}`

function renderChartYaml(): string {
  const [definition] = renderCustomResourceDefinition().spec.versions
  const crds = [
    {
      kind: channelKind,
      version: channelType.version,
      name: crdName,
      displayName: 'Realtime channel',
      description: definition?.schema.openAPIV3Schema.description,
    },
    {
      kind: classKind,
      version: classType.version,
      name: classCrdName,
      displayName: 'Realtime channel class',
      description: classSchema.description,
    },
  ]
  return toYaml({
    apiVersion: 'v2',
    name: 'carillon',
    description,
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: '>=1.30.0-0',
    home: homepage,
    icon: 'https://raw.githubusercontent.com/carillon-dev/carillon/main/docs/icon.svg',
    sources: [homepage],
    maintainers: [{ name: 'Carillon maintainers', url: `${homepage}/blob/main/MAINTAINERS.md` }],
    keywords: ['cloudevents', 'kafka', 'websocket', 'realtime', 'operator'],
    annotations: {
      'artifacthub.io/category': 'streaming-messaging',
      'artifacthub.io/license': license,
      'artifacthub.io/operator': 'true',
      'artifacthub.io/operatorCapabilities': 'Full Lifecycle',
      'artifacthub.io/prerelease': String(version.startsWith('0.')),
      'artifacthub.io/links': toYaml([
        { name: 'Documentation', url: `${homepage}/blob/main/docs/README.md` },
        { name: 'Support and deprecation', url: `${homepage}/blob/main/docs/support.md` },
        { name: 'Report a vulnerability', url: `${homepage}/security/policy` },
      ]),
      'artifacthub.io/images': toYaml([{ name: 'carillon', image: image() }]),
      'artifacthub.io/crds': toYaml(crds),
      'artifacthub.io/crdsExamples': toYaml([minimalExample, smallClassExample]),
      'artifacthub.io/changes': toYaml([
        {
          kind: 'added',
          description: 'The operator and its chart.',
          links: [{ name: 'Changelog', url: `${homepage}/blob/main/CHANGELOG.md` }],
        },
      ]),
    },
  })
}

/** Renders values.yaml: each value below its description. */
function renderValues(): string {
  return renderSection(chartValues, '').join('\n') + '\n'
}

const isSection = (entry: Value | Section): entry is Section => 'values' in entry

function renderSection(section: Section, indent: string): readonly string[] {
  return Object.entries(section.values).flatMap(([name, entry]) => {
    const gap = indent === '' ? [''] : []
    const comment = wrap(entry.description, 110 - indent.length).map((line) => `${indent}# ${line}`)
    if (isSection(entry)) return [...gap, ...comment, `${indent}${name}:`, ...renderSection(entry, `${indent}  `)]
    const lines = toYaml({ [name]: entry.default })
      .trimEnd()
      .split('\n')
    return [...gap, ...comment, ...lines.map((line) => `${indent}${line}`)]
  })
}

function wrap(sentence: string, width: number): readonly string[] {
  return sentence.split(' ').reduce<readonly string[]>((lines, word) => {
    const last = lines.at(-1)
    return last !== undefined && last.length + word.length < width ? [...lines.slice(0, -1), `${last} ${word}`] : [...lines, word]
  }, [])
}

/** Values that Helm passes to a chart that is a dependency of another. This chart reads neither. */
const ofParentCharts: Readonly<Record<string, object>> = {
  global: { type: 'object', description: 'Values of a chart that this one is part of; not used.' },
  enabled: { type: 'boolean', description: 'The usual `condition` of a chart that this one is part of; not used.' },
}

/** Values of an earlier release. The chart refuses each, and names its new place. */
const moved: Readonly<Record<string, object>> = {
  topics: { type: 'object', description: 'Moved to class.allowed.topics.' },
}

/** A misspelt value is an error: `additionalProperties` is false wherever the chart knows all names. */
function renderSchema(): string {
  const { properties, ...rest } = schemaOf(chartValues)
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...rest, properties: { ...properties, ...ofParentCharts, ...moved } }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function schemaOf(section: Section): { readonly properties: Readonly<Record<string, object>>; readonly [word: string]: unknown } {
  const properties = Object.entries(section.values).map(
    ([name, entry]) => [name, isSection(entry) ? schemaOf(entry) : { description: entry.description, ...entry.schema }] as const,
  )
  return { description: section.description, type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) }
}

function renderReadme(): string {
  const rows = flatValues().map(({ path, default: value, description: what }) => [
    code(path),
    value === '' ? '' : code(JSON.stringify(value)),
    what,
  ])
  return `# The chart carillon

Installs the operator of Carillon, the CustomResourceDefinitions of RealtimeChannels and their classes, and the class \`default\`. [docs/install.md](../../docs/install.md) says how to
install, upgrade and uninstall it. [docs/classes.md](../../docs/classes.md) describes classes, and [docs/rbac.md](../../docs/rbac.md) the rights of the operator.

## Values

The chart refuses a value that is not in this table, so you notice a misspelt one. A chart that has this one as a dependency may also set \`enabled\`, for its
\`condition\`, and \`global\`; this chart reads neither.

${table(['value', 'default', 'effect'], rows)}
`
}

/** Renders rules as named templates, one per scope, which the hand-written roles include. */
function renderPermissions(): string {
  const rules = (name: string, scope: PermissionScope, of?: typeof releasePermissions): string =>
    `{{- define "carillon.rules.${name}" -}}\n${toYaml(policyRules(scope, of))}{{- end }}\n`
  return [
    rules('channels', 'channels'),
    rules('cluster', 'cluster'),
    rules('own', 'own-namespace'),
    rules('release', 'channels', releasePermissions),
    rules('releaseOwn', 'own-namespace', releasePermissions),
  ].join('\n')
}
