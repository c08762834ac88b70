"""What fitting leaves in each estimator of the allowlist, in scikit-learn 1.2 to 1.9.

- ``kinds``: the words in which attributes are described.
- ``scalars``: kinds of attributes that are one value.
- ``containers``: kinds of attributes that hold other values.
- ``description``: an estimator's attributes, and how they relate.
- ``showing``: the form of a value, for a finding.
- ``common``, ``vectorizing``: what several estimators share.
- ``catalogue``: all descriptions, by class.

One estimator each:

- ``binarizer``: ``Binarizer``.
- ``column_transformer``: ``ColumnTransformer``.
- ``count_vectorizer``: ``CountVectorizer``.
- ``feature_union``: ``FeatureUnion``.
- ``function_transformer``: ``FunctionTransformer``.
- ``hashing_vectorizer``: ``HashingVectorizer``.
- ``kbins_discretizer``: ``KBinsDiscretizer``.
- ``make_column_selector``: ``make_column_selector``.
- ``max_abs_scaler``: ``MaxAbsScaler``.
- ``min_max_scaler``: ``MinMaxScaler``.
- ``missing_indicator``: ``MissingIndicator``.
- ``normalizer``: ``Normalizer``.
- ``onehot_encoder``: ``OneHotEncoder``.
- ``ordinal_encoder``: ``OrdinalEncoder``.
- ``pca``: ``PCA``.
- ``pipeline``: ``Pipeline``.
- ``polynomial_features``: ``PolynomialFeatures``.
- ``power_transformer``: ``PowerTransformer``.
- ``quantile_transformer``: ``QuantileTransformer``.
- ``robust_scaler``: ``RobustScaler``.
- ``simple_imputer``: ``SimpleImputer``.
- ``standard_scaler``: ``StandardScaler``.
- ``target_encoder``: ``TargetEncoder``.
- ``tfidf_transformer``: ``TfidfTransformer``.
- ``tfidf_vectorizer``: ``TfidfVectorizer``.
- ``truncated_svd``: ``TruncatedSVD``.
- ``variance_threshold``: ``VarianceThreshold``.
"""
