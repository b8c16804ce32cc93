"""Zero-cost proxies: scores of built, untrained networks. Each file holds one, named after it; higher is better.

- Baselines, which every other one must beat: ``parameters``, ``macs``, ``depth``.
- Of the loss's gradients by weights: ``grad_norm``, ``snip``, ``plain``, ``fisher`` (by channels), ``grasp`` (second
  order), ``zico`` (over two halves of the batch), ``grad_sign`` (over examples). Of weights alone: ``l2_norm``,
  ``synflow``.
- Of the outputs' gradients by inputs: ``jacob_cov``, ``epe_nas``; by weights: ``ntk_condition`` (TE-NAS).
- Of ReLU patterns: ``nwot``, ``swap``, ``regularised_swap``, ``linear_regions`` (TE-NAS); ``l_swag`` with gradients.
- Of feature maps and outputs: ``zen``, ``meco``, ``rbflex``, ``epsinas``, ``w_pca`` (Transformers); AZ-NAS's
  ``expressivity``, ``progressivity`` and ``trainability``, of which ``macs`` is the fourth.
- Of a Transformer's weights by kinds of blocks: ``zero_lm``.
- Of the architecture's graph alone: ``nasgraph``. A network that comes without its architecture has no score by it.
- Of other proxies and statistics of the graph: ``evolved``, a formula read from a file.

``grasp`` costs too much and ``plain`` says too little to be in any default list.

``proxy.py`` is their contract, ``probe.py`` collects what they need and ``shared_pass.py`` serves most of it from one
forward pass, watched by ``recorder.py``; files named after what they collect hold the other passes. ``scoring.py``
scores one network by many proxies and turns what cannot be computed into a ``ProxyFailure``. ``untouched.py`` puts
models and global generators back as they were.
"""
