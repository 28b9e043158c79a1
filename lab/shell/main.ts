/** The page of the lab: defines the element, and takes away what was shown until it was there. */

import './tamegrad-lab.js';
