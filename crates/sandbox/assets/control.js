// The control page's switches. Everything it does is a call that any test can make (see control.rs).
'use strict'

const at = (id) => document.getElementById(id)
const switches = [...document.querySelectorAll('.faults input[type=checkbox]')]
const noticed = at('status')

function say(text, bad) {
  noticed.textContent = text
  noticed.toggleAttribute('data-bad', Boolean(bad))
}

async function call(method, path, body) {
  const init = { method }
  if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json' }
    init.body = JSON.stringify(body)
  }
  try {
    const response = await fetch(path, init)
    const text = await response.text()
    const answer = text ? JSON.parse(text) : null
    if (!response.ok) throw new Error(answer && answer.error ? answer.error : `status ${response.status}`)
    return answer
  } catch (error) {
    say(`${method} ${path}: ${error.message}`, true)
    throw error
  }
}

let now = { seconds: Number(at('now').dataset.now), seen: performance.now() }

function count() {
  at('on').textContent = switches.filter((one) => one.checked).length || ''
  for (const group of document.querySelectorAll('.faults details')) {
    group.querySelector('[data-group-count]').textContent = group.querySelectorAll(':checked').length || ''
  }
}

function show(state) {
  now = { seconds: state.now, seen: performance.now() }
  const on = new Set(state.faults)
  for (const one of switches) one.checked = on.has(one.name)
  if (document.activeElement !== at('seconds')) at('seconds').value = state.offset
  at('offset').dataset.offset = state.offset
  at('alg').value = state.settings.id_token_alg
  at('claims').checked = state.settings.claims_in_id_token
  settings(state)
  count()
  tick()
}

// The settings of each system, whatever they are: what the control page doesn't know by name is changed here, too.
const inputs = new Map()
function settings(state) {
  const groups = { club: {} }
  for (const [name, value] of Object.entries(state.settings)) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) groups[name] = value
    else groups.club[name] = value
  }
  for (const [system, values] of Object.entries(groups)) {
    for (const [name, value] of Object.entries(values)) {
      const key = `${system}.${name}`
      if (!inputs.has(key)) inputs.set(key, field(system, name, typeof value === 'boolean'))
      const input = inputs.get(key)
      if (input.type === 'checkbox') input.checked = value
      else if (document.activeElement !== input) input.value = typeof value === 'string' ? value : JSON.stringify(value)
    }
  }
}

function field(system, name, isSwitch) {
  let group = at('settings').querySelector(`[data-system=${system}]`)
  if (!group) {
    group = element('details', undefined, { 'data-system': system })
    group.append(element('summary', system))
    at('settings').append(group)
  }
  const label = element('label', undefined, { class: 'switch' })
  const input = element('input', undefined, { name: `${system}.${name}`, type: isSwitch ? 'checkbox' : 'text' })
  const words = element('span')
  words.append(element('code', name))
  if (isSwitch) label.append(input, words)
  else label.append(words, input)
  group.append(label)
  input.addEventListener('change', async () => {
    const change = { [name]: isSwitch ? input.checked : typed(input.value) }
    input.blur()
    try {
      show(await call('PUT', '/settings', system === 'club' ? change : { [system]: change }))
      say(`${system}: ${name} is ${JSON.stringify(change[name])}`)
    } catch {
      settings(await call('GET', '/state'))
    }
  })
  return input
}

function typed(text) {
  try { return JSON.parse(text) } catch { return text }
}

function tick() {
  const seconds = now.seconds + Math.floor((performance.now() - now.seen) / 1000)
  const shown = new Date(seconds * 1000).toISOString()
  at('now').textContent = shown.replace('T', ' ').replace('.000Z', ' UTC')
  at('now').dateTime = shown
  const offset = Number(at('offset').dataset.offset)
  at('offset').textContent = offset ? `(${offset > 0 ? '+' : '−'}${Math.abs(offset)} s)` : ''
}

for (const one of switches) {
  one.addEventListener('change', async () => {
    show(await call('PUT', '/faults', switches.filter((other) => other.checked).map((other) => other.name)))
    say(`${one.name} is ${one.checked ? 'on' : 'off'}`)
  })
}
at('reset').addEventListener('click', async () => {
  show(await call('PUT', '/faults', []))
  say('All faults are off')
})
at('search').addEventListener('input', () => {
  const sought = at('search').value.trim().toLowerCase()
  for (const group of document.querySelectorAll('.faults details')) {
    let found = 0
    for (const line of group.querySelectorAll('.switch')) {
      line.hidden = !line.textContent.toLowerCase().includes(sought)
      if (!line.hidden) found += 1
    }
    group.hidden = found === 0
    group.open = sought !== '' && found > 0
  }
})

async function move(offset) {
  show(await call('PUT', '/clock', { offset }))
  say(offset ? `The clock is moved by ${offset} seconds` : 'The clock is this machine’s')
}
at('clock').addEventListener('submit', (event) => {
  event.preventDefault()
  at('seconds').blur()
  move(Math.trunc(Number(at('seconds').value) || 0))
})
for (const step of document.querySelectorAll('[data-move]')) {
  step.addEventListener('click', () => {
    const by = step.dataset.move
    move(by === 'reset' ? 0 : Number(at('offset').dataset.offset) + Number(by))
  })
}
at('rotate').addEventListener('click', async () => {
  const state = await call('POST', '/rotate')
  show(state)
  say(`New keys sign: ${state.signing_keys.join(', ')}`)
})
at('sessions').addEventListener('click', async () => {
  show(await call('DELETE', '/sessions'))
  say('Everyone has to log in again')
})
at('alg').addEventListener('change', async () => {
  show(await call('PUT', '/settings', { id_token_alg: at('alg').value }))
  say(`ID tokens are signed with ${at('alg').value}`)
})
at('claims').addEventListener('change', async () => {
  show(await call('PUT', '/settings', { claims_in_id_token: at('claims').checked }))
  say(at('claims').checked ? 'The ID token carries the profile' : 'Only UserInfo carries the profile')
})

function element(name, text, attributes = {}) {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

function list(title, pairs) {
  if (!pairs.length) return []
  const all = element('dl')
  for (const [name, value] of pairs) all.append(element('dt', name), element('dd', value))
  return [element('h3', title), all]
}

function line(message) {
  const item = element('li', undefined, { 'data-from': message.from, 'data-number': message.number, 'data-system': message.system })
  item.hidden = Boolean(at('of').value) && at('of').value !== message.system
  const details = element('details')
  const summary = element('summary')
  const bad = message.status >= 400 || message.response.some(([name]) => name === 'error')
  const answer = element('span', `${message.status}`, { class: 'answer' })
  if (bad) answer.setAttribute('data-bad', '')
  const route = element('span', `${message.from} to ${message.system}:`, { class: 'hidden' })
  summary.append(route, element('code', `${message.method} ${message.path}`), element('span', message.system, { class: 'whose', 'aria-hidden': 'true' }), answer)
  const lanes = element('span', undefined, { class: 'lanes', 'aria-hidden': 'true' })
  lanes.append(element('span', undefined, { class: 'arrow', 'data-from': message.from, 'data-to': message.to }))
  summary.append(lanes)
  if (message.faults.length) summary.append(element('span', message.faults.join(', '), { class: 'bent' }))
  const time = new Date(message.at * 1000).toISOString().slice(11, 19)
  details.append(summary, element('p', `Number ${message.number}, at ${time} UTC`, { class: 'hint' }))
  details.append(...list('Asked', message.request), ...list('Answered', message.response))
  item.append(details)
  return item
}

let last = 0
async function messages() {
  if (document.hidden) return
  const response = await fetch('/messages').catch(() => null)
  if (!response || !response.ok) return
  const all = await response.json()
  if (all.length === 0) at('messages').replaceChildren()
  for (const message of all) {
    if (message.number > last) {
      at('messages').prepend(line(message))
      last = message.number
    }
  }
  while (at('messages').childElementCount > 200) at('messages').lastElementChild.remove()
  at('nothing').hidden = at('messages').childElementCount > 0
}
at('of').addEventListener('change', () => {
  for (const item of at('messages').children) {
    item.hidden = Boolean(at('of').value) && at('of').value !== item.dataset.system
  }
})
at('forget').addEventListener('click', async () => {
  await call('DELETE', '/messages')
  await messages()
  say('The messages are forgotten')
})

count()
tick()
messages()
call('GET', '/state').then(settings)
setInterval(tick, 1000)
setInterval(messages, 1500)
document.addEventListener('visibilitychange', async () => {
  if (document.hidden) return
  show(await call('GET', '/state'))
  messages()
})
