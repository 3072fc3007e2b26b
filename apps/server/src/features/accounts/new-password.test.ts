import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { weaknessOf } from './new-password.ts';

const USER = 'Grace.Hopper';

describe('weaknessOf refuses', () => {
  const refused = [
    'short pass',
    '👩‍💻👩‍💻👩', // 12 code units, 7 characters
    'passwordpassword',
    'Password1234!',
    'P@ssw0rd2024!!',
    'letmein-letmein',
    'qwertyuiop123',
    'Welcome!Welcome1',
    'admin.admin.admin',
    'iloveyou-princess',
    'trustno1trustno1',
    '123456789012',
    '098765432109',
    'abcdefghijklm',
    'qwertyuiopasdf',
    '1q2w3e4r5t6y',
    '1qaz2wsx3edc',
    'aaaaaaaaaaaa',
    'abcabcabcabcab',
    '121212121212',
    'Bulwark-2026!',
    'bu1w@rk-admin',
    'BulwarkBulwark',
    'grace.hopper1',
    'GraceHopper2026',
    'Grace.Hopper!!',
  ];
  for (const password of refused) {
    test(JSON.stringify(password), () => assert.equal(typeof weaknessOf(password, USER), 'string'));
  }
});

describe('weaknessOf accepts', () => {
  const accepted = [
    'correct horse battery staple',
    'analytical steam engine',
    'kumquat-orbit-7-lantern',
    'x7Gp!vR2mQ9z',
    'mein Fahrrad ist schneller',
    'пароль для сервера',
    '山の上の小さな古い家の猫',
    '8305719264830',
  ];
  for (const password of accepted) {
    test(JSON.stringify(password), () => assert.equal(weaknessOf(password, USER), undefined));
  }
});
