#!/usr/bin/env node
// The `murmur` command. Plain old JavaScript on purpose: it must at least parse and speak on an old Node.js.
'use strict'

var fs = require('fs')
var path = require('path')
var url = require('url')

/** libp2p needs 22; running TypeScript sources directly needs 22.18. */
var NEEDED = [22, 18]

function isOld(version) {
  var parts = version.split('.').map(Number)
  return parts[0] < NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] < NEEDED[1])
}

/** The checkout's sources beside this file, else the built package; from peers/cli or from bin. */
function findMain() {
  var candidates = [
    'main.ts',
    '../peers/cli/main.ts',
    '../../dist/peers/cli/main.js',
    '../dist/peers/cli/main.js'
  ]
  for (var i = 0; i < candidates.length; i++) {
    var file = path.join(__dirname, candidates[i])
    if (fs.existsSync(file)) return file
  }
  return null
}

function fail(message) {
  process.stderr.write('murmur: ' + message + '\n')
  process.exitCode = 1
}

function explainOldNode() {
  var found = process.versions.node + ' (' + process.execPath + ')'
  fail(
    'needs Node.js ' +
      NEEDED.join('.') +
      ' or newer; this is ' +
      found +
      '.\n' +
      'Install a newer one: https://nodejs.org, or "nvm install 22", or "npm install -g node@22".\n' +
      'Inside the repository nothing needs installing: "npm run demo" and "npx murmur" bring their own Node.js 22.'
  )
}

function main() {
  if (isOld(process.versions.node)) return explainOldNode()
  var file = findMain()
  if (file == null)
    return fail('the program is missing beside ' + __filename + '. Run "npm run build", or reinstall.')
  return import(url.pathToFileURL(file).href).catch(function (error) {
    fail('could not start: ' + ((error && error.stack) || error))
  })
}

main()
