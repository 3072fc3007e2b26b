/**
 * Words that most guessable passwords are made of, in lower case and with letters only: what remains of `P@ssw0rd123!`
 * is `password`. The heads of the published lists of leaked passwords, and the names of what a monitor is about.
 */
export const COMMON_WORDS: ReadonlySet<string> = new Set(
  `
  abc abcd abcdef abcdefg access account action admin administrator adminadmin adobe agent alex alexander alexis
  amanda amazon america andrea andrew angel angela anthony apple april arsenal asdf asdfg asdfgh asdfghjkl ashley
  august austin autumn azerty babygirl backup bailey banana bandit barcelona baseball basketball batman beautiful
  benjamin berlin bigdog blahblah blink blue brandon buster butterfly camaro cameron carlos cassie changeme charles
  charlie cheese chelsea chester chicago chicken chocolate chris christian cisco coffee company computer cookie
  corvette cowboy crystal dallas daniel database david debian december default demo devops diamond dolphin donald
  dragon eagle eagles easter elephant elizabeth england enter eminem facebook falcon family february ferrari fleet
  flower football forever freedom friday friend friends fuckyou gandalf garfield george ginger giants google guest
  guitar hammer hannah harley heather hello hockey home hunter iloveyou infinity internet jackson james january jasmine
  jennifer jessica jesus jordan jordan joseph joshua july june junior justin killer kitten lakers letmein liverpool
  loveme lovely login london love lucky maggie manager marlboro martin master matrix matthew maverick melissa mercedes
  merlin michael michelle midnight minecraft monday monitor monitoring monkey monster morgan mother mustang naruto
  natasha network nicole ninja nintendo nothing november october office oliver orange pass passphrase passw passwd
  password patrick peanut pepper phoenix pokemon please porsche power princess private public purple qazwsx qazwsxedc
  qwer qwert qwerty qwertyuiop qwertz rachel ranger rainbow raspberry ready redhat robert rockyou root samantha samsung
  samurai saturday scooter secret secure security september server service shadow silver simple slipknot snoopy soccer
  sophie spiderman spring starwars steelers sterling student summer sunday sunflower sunshine super superman superuser
  support sysadmin system taylor tech temp temporary test tester testing thomas thunder tigger tomorrow toyota training
  trustme trustno ubuntu unknown user vanessa victoria virginia warrior website welcome whatever william windows winter
  wizard woman work yankees yellow yourself zaq zaqxsw zxcv zxcvb zxcvbn zxcvbnm
  `
    .trim()
    .split(/\s+/),
);
