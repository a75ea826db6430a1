import { fuzz } from './fuzz.ts'

fuzz('long')
