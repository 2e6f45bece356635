#!/usr/bin/env node
import { join } from 'node:path'
import { runCached } from './code-cache.js'

// What the program is made of is in main.ts; this file only makes it start sooner.
runCached(join(__dirname, 'main.js'), require, /^[a-z]+$/.exec(process.argv[2] ?? '')?.[0] ?? 'help')
