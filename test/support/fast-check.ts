import fc from 'fast-check'

/**
 * Properties with a seed that is the same for all of a run, and told at its beginning: also one that never ends
 * can be repeated, by `PROPERTY_SEED=… npx vitest run FILE`.
 */
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED']) })

export * from 'fast-check'
export { fc }
