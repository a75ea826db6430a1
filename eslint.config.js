import tseslint from 'typescript-eslint'

/** Folder arrows of ARCHITECTURE.md: what a folder may import. */
const never = (group, message) => ({ regex: group, message })
const peersOnly = never(
  '^(libp2p|@libp2p/(tcp|mdns|yamux|noise|gossipsub|identify|ping|memory|bootstrap)|datastore-.*|blockstore-fs|classic-level)$',
  'Only peers/ composes libp2p, transports and stores.'
)
const noNode = never('^node:', 'Only peers/ touches the platform; hand the capability in.')
const noPeers = never('^\\.\\./(.*/)?peers/', 'peers/ composes the lower layers, never the other way round.')
const noProtocols = never('^\\.\\./(.*/)?protocols/', 'src/ is the pure core and knows no protocol.')
const noSibling = never(
  '^\\.\\./(admission|rounds|blocks|ledger)/',
  'A protocol never imports another protocol; share through protocols/common.'
)
const noAttacks = never(
  '^\\.\\./(.*/)?attacks/',
  'Attacks are for peers/simulate and tests: what a member runs knows none.'
)
const noNetwork = never(
  '^(libp2p|@libp2p/.*|(\\.\\./)+protocols/.*)$',
  'The simulator has real training and no network.'
)
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

export default tseslint.config(
  // AssemblyScript looks like TypeScript and is another language.
  { ignores: ['dist/**', 'node_modules/**', 'src/**/assembly/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      'prefer-const': 'error'
    }
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...restrict(peersOnly, noNode, noPeers, noProtocols, noAttacks),
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'Buffer'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is handed in (src/random.ts).' },
        { object: 'Date', property: 'now', message: 'Time is handed in.' }
      ]
    }
  },
  {
    files: ['protocols/**/*.ts'],
    rules: {
      ...restrict(peersOnly, noNode, noPeers, noSibling, noAttacks),
      'no-restricted-globals': ['error', 'process', 'Buffer']
    }
  },
  { files: ['peers/{engine,node,cli,simulated}/**/*.ts'], rules: restrict(noAttacks) },
  { files: ['peers/simulate/**/*.ts'], rules: restrict(noNetwork) },
  {
    files: ['peers/cli/**/*.ts', 'scripts/**/*.ts', 'test/bench/**/*.ts', 'examples/**/*.ts'],
    rules: { 'no-console': 'off' }
  },
  {
    files: ['test/**/*.ts', 'examples/**/*.ts'],
    rules: { '@typescript-eslint/no-unused-expressions': 'off', 'max-lines': 'off' }
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } }
)
