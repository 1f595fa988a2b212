// What Node.js (llhttp) makes of the bytes on standard input, as the answer to a GET: a line of JSON, {status, fields, content}
// or {error}. Its client reads from a stream in this process instead of a socket.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const { Duplex } = require('node:stream');

class Wire extends Duplex {
  _read() {}
  _write(chunk, encoding, done) { done(); }
}

const wire = new Wire();
const say = (outcome) => { process.stdout.write(JSON.stringify(outcome) + '\n'); process.exit(0); };
const request = http.request({ createConnection: () => wire, host: 'h' });
request.on('error', (error) => say({ error: error.message }));
request.on('response', (response) => {
  const pieces = [];
  response.on('data', (piece) => pieces.push(piece));
  response.on('aborted', () => say({ error: 'cut short' }));
  response.on('end', () => say({ status: response.statusCode, fields: response.rawHeaders,
                                 content: Buffer.concat(pieces).toString('latin1') }));
});
request.end();
wire.push(fs.readFileSync(0));
wire.push(null);
