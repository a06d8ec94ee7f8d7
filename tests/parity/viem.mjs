// Answers questions about signed messages with viem, an independent implementation: one JSON document per line in, one out.
// Every type comes with the question, as text from docs/protocol.md; nothing here knows the protocol.

import {createInterface} from 'node:readline';
import {
  concat, encodeAbiParameters, hashStruct, hashTypedData, keccak256, parseAbiParameters, parseSignature,
  recoverTypedDataAddress, serializeCompactSignature, serializeSignature, signatureToCompactSignature,
  compactSignatureToSignature, parseCompactSignature,
} from 'viem';
import {privateKeyToAccount} from 'viem/accounts';

const typesOf = (lines) => Object.fromEntries(lines.map((line) => {
  const [, name, fields] = line.match(/^(\w+)\((.*)\)$/);
  return [name, fields.split(',').map((field) => {
    const [type, fieldName] = field.split(' ');
    return {type, name: fieldName};
  })];
}));

// Integers travel as decimal strings: JSON's numbers are not wide enough.
const decode = (types, type, value) => {
  if (type.endsWith('[]')) return value.map((item) => decode(types, type.slice(0, -2), item));
  if (types[type]) return Object.fromEntries(types[type].map((f) => [f.name, decode(types, f.type, value[f.name])]));
  return /^u?int/.test(type) ? BigInt(value) : value;
};

const typedData = ({types: lines, primaryType, domain, message}) => {
  const types = typesOf(lines);
  return {
    types, primaryType, message: decode(types, primaryType, message),
    domain: {...domain, chainId: BigInt(domain.chainId)},
  };
};

const answers = {
  digest: (question) => hashTypedData(typedData(question)),
  sign: async (question) => {
    const signature = await privateKeyToAccount(question.key).signTypedData(typedData(question));
    return serializeCompactSignature(signatureToCompactSignature(parseSignature(signature)));
  },
  recover: (question) => {
    const signature = serializeSignature(compactSignatureToSignature(parseCompactSignature(question.signature)));
    return recoverTypedDataAddress({...typedData(question), signature});
  },
  transfersHash: ({types: lines, transfers}) => {
    const types = typesOf(lines);
    const hashes = transfers.map((transfer) =>
      hashStruct({types, primaryType: 'Transfer', data: decode(types, 'Transfer', transfer)}));
    return keccak256(hashes.length ? concat(hashes) : '0x');
  },
  abiHash: ({parameters, values}) => {
    const types = parseAbiParameters(parameters);
    return keccak256(encodeAbiParameters(types, values.map((value, i) => decode({}, types[i].type, value))));
  },
};

for await (const line of createInterface({input: process.stdin})) {
  const question = JSON.parse(line);
  console.log(JSON.stringify(await answers[question.ask](question)));
}
