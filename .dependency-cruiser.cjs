// The boundaries of the code (docs/architecture.md). TypeScript 7 has no compiler API, so swc parses: see docs/adr/0004.

// swc parses `using`, but its visitor does not know the statement and throws: it is taught to look inside.
const { Visitor } = require('@swc/core/Visitor')
const visitStatement = Visitor.prototype.visitStatement
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  return { ...statement, decls: this.visitVariableDeclarators(statement.decls) }
}

const { folders, products } = require('./scripts/boundaries/folders.cjs')

const tests = '\\.test\\.ts$|\\.contract\\.ts$|(^|/)testing/|^operator/scenarios/'
const core = '^gateway/(config|event|audience|replay|channel|session|emit|auth|inbound|upstream)/'
const operatorCore = '^api/|^operator/(config|reconcile|runtime)/'

const escaped = (path) => path.replaceAll('.', '\\.')

/** Matches the files of a row: the file, or what is in the folder and in no row below it. */
function filesOf(path) {
  const below = folders.filter((other) => other.path.startsWith(`${path}/`)).map((other) => escaped(other.path.slice(path.length)))
  return `^${escaped(path)}${below.length === 0 ? '' : `(?!(${below.join('|')})(/|$))`}(/|$)`
}

/** One rule per row: its product code imports itself and what the row names, types included. */
const arrows = folders.map(({ path, imports }) => ({
  name: `arrows-of-${path.replaceAll(/[/.]/g, '-')}`,
  comment: `${path} may import ${['itself', ...imports].join(', ')} (scripts/boundaries/folders.cjs). Move what both need further down, or add the arrow there with its reason.`,
  severity: 'error',
  from: { path: filesOf(path), pathNot: tests },
  to: { path: `^(${products.join('|')})/`, pathNot: [path, ...imports].map(filesOf).join('|') },
}))

/** A library stays behind the port that hides it; tests may also use it from outside. */
const only = (name, library, home, others = '^bench/|^scripts/|^e2e/|^interop/') => ({
  name: `${name}-only-in-its-adapter`,
  comment: `Use the port; ${name} is hidden in ${home} so that it can be replaced.`,
  severity: 'error',
  from: { pathNot: `${home}|${others}|${tests}` },
  to: { path: `(^|/)node_modules/(${library})(/|$)` },
})

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-circular',
      comment:
        'Modules that need each other cannot be understood, tested or loaded alone. That holds for types, too: move the type below both.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-touches-no-machine',
      comment: 'Files, sockets, processes and threads are reached through ports; the core decides.',
      severity: 'error',
      from: { path: core, pathNot: tests },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|net|tls|http|http2|https|dgram|dns|child_process|cluster|worker_threads)(/|$)' },
    },
    {
      name: 'operator-core-touches-no-machine',
      comment: 'Files, sockets and processes are reached through ports; the core decides.',
      severity: 'error',
      from: { path: operatorCore, pathNot: tests },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|net|tls|http|http2|https|dgram|dns|child_process|cluster|worker_threads)(/|$)' },
    },
    {
      name: 'only-the-root-starts',
      comment: 'main.ts reads the environment, builds and starts; nothing may import it.',
      severity: 'error',
      from: { pathNot: '\\.test\\.ts$' },
      to: { path: '^(gateway|operator|cli|cli/kubectl)/main\\.ts$' },
    },
    only('kafkajs', 'kafkajs|@platformatic/wasm-utils', '^(gateway|operator)/adapters/kafka/'),
    only('client-node', '@kubernetes/client-node', '^operator/adapters/kubernetes/'),
    // yaml.ts writes files for people with cdk8s' own writer; the operator itself never loads it.
    only('cdk8s', 'cdk8s|cdk8s-plus-27|constructs', '^cdk8s/|^api/v1alpha1/yaml\\.ts$', '^scripts/|^e2e/'),
    only('ws', 'ws|@types/ws', '^gateway/adapters/ws/'),
    only('fastify', 'fastify', '^gateway/adapters/http/'),
    only('jose', 'jose', '^gateway/adapters/jose/'),
    only('ajv', 'ajv', '^gateway/adapters/ajv/'),
    only('prom-client', 'prom-client', '^program/metrics/'),
    only('pino', 'pino', '^program/log/'),
    only('lru-cache', 'lru-cache', '^gateway/(auth/verified-token-cache|emit/rate-limiter)\\.ts$'),
    only('virtual-core', '@tanstack/virtual-core', '^gateway/console/page/views/virtual-list\\.ts$'),
    only('opentelemetry', '@opentelemetry', '^gateway/observability/'),
    {
      name: 'client-stands-alone',
      comment: 'The client is published without dependencies and runs in a browser.',
      severity: 'error',
      from: { path: '^client/', pathNot: tests },
      to: { pathNot: '^client/' },
    },
    {
      name: 'react-stands-on-the-client',
      comment: 'The package has two peers: react, and the client by its entry points. A page without React must not load React.',
      severity: 'error',
      from: { path: '^react/', pathNot: tests },
      to: { pathNot: '^react/|^client/(index|filters|send)\\.ts$|(^|/)node_modules/react/' },
    },
    only('react', 'react|react-dom', '^react/'),
    {
      name: 'no-test-code-in-production',
      comment: 'Twins, builders and tests are for tests.',
      severity: 'error',
      from: { path: '^(program|api|gateway|client|react|cli|operator|cdk8s)/', pathNot: tests },
      to: { path: tests },
    },
    {
      name: 'no-dev-dependency-in-production',
      comment: 'The image has no devDependencies.',
      severity: 'error',
      from: { path: '^(program|api|gateway|client|cli|operator|cdk8s)/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-knows-no-tools',
      comment: 'bench/, scripts/, e2e/, interop/ and site/ use the product, never the other way round.',
      severity: 'error',
      from: { path: '^(program|api|gateway|client|react|cli|operator|cdk8s)/', pathNot: tests },
      to: { path: '^(bench|scripts|e2e|interop|site)/' },
    },
    {
      name: 'not-unresolvable',
      comment: 'An import that leads nowhere: a typing error, or a package that is not in package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-in-package-json',
      comment: 'Use what package.json names, not what happens to lie in node_modules.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this and it imports nothing: is it still needed?',
      severity: 'warn',
      from: { orphan: true, pathNot: '\\.d\\.ts$|^scripts/boundaries/folders\\.cjs$' },
      to: {},
    },
  ],
  options: {
    // swc reports type imports, too, without tsPreCompilationDeps, which would ask for a TypeScript with a compiler API.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(client|cdk8s|cli)/dist/|^interop/kafka/producers/node/|^interop/http/clients/node/|^interop/pages/examples/node/' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
}
